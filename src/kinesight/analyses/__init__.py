"""Analyses, one folder each; this list is the registry. Pure: they know pictures and models only through ports."""
