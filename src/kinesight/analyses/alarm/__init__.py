"""Alarm clips: is somebody there, and if not, what set the camera off."""
