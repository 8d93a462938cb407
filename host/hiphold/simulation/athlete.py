"""Who the athlete is: how well they move."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Athlete:
    """Settings of one athlete. `_sd` values are one standard deviation, drawn anew for every seed."""

    hold_elevation_deg: tuple[float, float] = (30.0, 36.0)
    """bounds of the femur elevation held, against the athlete's own stand"""
    sag_deg: float = 6.0
    """elevation lost over a hold, at most"""
    rotation_deg: float = 25.0
    """hip rotation in the hold, to either side"""
    azimuth_deg: float = 10.0
    """thigh azimuth in the hold, to either side"""
    turn_variation: float = 0.06
    """relative SD of each turn of rotation and azimuth"""
    cycle_s: tuple[float, float] = (3.6, 5.0)
    """bounds of one outward-inward cycle"""
    posture_sd_deg: tuple[float, float, float] = (2.5, 2.0, 4.0)
    """thigh off vertical when standing: flexion, adduction, internal rotation"""
    foot_sd_deg: float = 3.0
    """change of each of these when the foot is put back"""
    crosstalk_sd_deg: float = 5.0
    """adduction and rotation that come with a raise"""
    raise_yaw_sd_deg: float = 4.0
    """pelvic rotation that comes with a raise"""
    bow_deg: float = 30.0
    bow_crosstalk_sd_deg: float = 1.5
    """pelvic rotation and obliquity that come with the bow"""
    bow_thigh_sd_deg: float = 2.0
    """how far the thighs lean in the bow"""
    sway_deg: float = 0.4
    """RMS of each angle of pelvis, thighs and trunk while standing, 0.1 to 1.5 Hz"""
    one_leg_sway: float = 2.0
    """the same on one leg, as a multiple"""
    tremor_deg: float = 0.03
    """RMS of each angle of the raised thigh, 4 to 12 Hz"""
    tremor_growth: float = 2.0
    """tremor at the end of a hold, as a multiple of that at its start"""
    pelvis_tilt_per_elevation: float = 0.18
    """posterior tilt with a raise: 18 % of hip flexion when standing (Murray 2002)"""
    pelvis_rotation_per_hip_rotation: float = 0.15
    """how far the pelvis follows the rotating leg; 0 is full dissociation"""
    pelvis_obliquity_per_hip_rotation: float = 0.08
    pelvis_hike_deg: float = 3.0
    """raised side up in a raise or hold"""
    pelvis_drop_deg: float = 0.0
    """how far that side sinks over a hold"""
    trunk_per_pelvis: float = 0.3
    """how far the trunk follows the pelvis in a raise"""

    @staticmethod
    def perfect() -> Athlete:
        """Does exactly what the script asks, with an unmoved pelvis."""
        return Athlete(
            sag_deg=0.0,
            turn_variation=0.0,
            posture_sd_deg=(0.0, 0.0, 0.0),
            foot_sd_deg=0.0,
            crosstalk_sd_deg=0.0,
            raise_yaw_sd_deg=0.0,
            bow_crosstalk_sd_deg=0.0,
            bow_thigh_sd_deg=0.0,
            sway_deg=0.0,
            tremor_deg=0.0,
            pelvis_tilt_per_elevation=0.0,
            pelvis_rotation_per_hip_rotation=0.0,
            pelvis_obliquity_per_hip_rotation=0.0,
            pelvis_hike_deg=0.0,
        )

    @staticmethod
    def good() -> Athlete:
        """Calm: 32 degrees and hardly less at the end, the full rotation, a pelvis that stays."""
        return Athlete(
            hold_elevation_deg=(31.5, 33.0),
            sag_deg=1.5,
            rotation_deg=30.0,
            azimuth_deg=12.0,
            turn_variation=0.04,
            foot_sd_deg=2.0,
            sway_deg=0.3,
            one_leg_sway=1.6,
            tremor_deg=0.02,
            tremor_growth=1.3,
            pelvis_rotation_per_hip_rotation=0.1,
            pelvis_obliquity_per_hip_rotation=0.04,
            pelvis_hike_deg=1.5,
        )

    @staticmethod
    def shaky() -> Athlete:
        """Trembles and sways, and turns the leg now far, now hardly, now fast, now slowly."""
        return Athlete(
            hold_elevation_deg=(30.0, 34.0),
            turn_variation=0.45,
            cycle_s=(2.6, 6.0),
            sway_deg=0.5,
            one_leg_sway=3.5,
            tremor_deg=0.16,
            tremor_growth=1.8,
            pelvis_rotation_per_hip_rotation=0.3,
            pelvis_obliquity_per_hip_rotation=0.15,
        )

    @staticmethod
    def tired() -> Athlete:
        """Begins high, sinks while holding, and trembles more and more."""
        return Athlete(
            hold_elevation_deg=(37.0, 39.0),
            sag_deg=11.0,
            rotation_deg=22.0,
            turn_variation=0.12,
            one_leg_sway=2.2,
            tremor_deg=0.04,
            tremor_growth=4.0,
            pelvis_rotation_per_hip_rotation=0.2,
        )

    @staticmethod
    def dropping() -> Athlete:
        """Lets the raised side sink, and turns the pelvis with the leg."""
        return Athlete(
            hold_elevation_deg=(31.0, 34.0),
            sag_deg=3.0,
            pelvis_rotation_per_hip_rotation=0.7,
            pelvis_obliquity_per_hip_rotation=0.1,
            pelvis_hike_deg=1.0,
            pelvis_drop_deg=19.0,
        )
