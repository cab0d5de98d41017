"""Draws alarm clips whose cause is known: what the nuisance classifier is trained and examined on. Never needed at run time."""
