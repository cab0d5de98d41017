"""Analyses, one folder each. Pure: they know pictures and models only through ports. `wiring/catalogue.py` lists them."""
