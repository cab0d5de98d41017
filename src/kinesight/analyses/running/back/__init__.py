"""What is only of the back view: how it is recognised, timed, measured, judged and drawn."""
