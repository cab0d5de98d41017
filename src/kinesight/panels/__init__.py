"""What alarm panels and monitoring centres speak: e-mail in and out, dropped files, SIA DC-09."""
