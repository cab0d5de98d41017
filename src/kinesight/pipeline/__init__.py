"""One analysis from a file to a folder of results: observe, analyse, render, write."""
