"""A simulated athlete with known truth, wearing simulated nodes. `hiphold.sources.simulate` puts it together."""
