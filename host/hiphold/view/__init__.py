"""The window: Qt, pyqtgraph and sound. It sees what `session.scene` holds, never bytes."""
