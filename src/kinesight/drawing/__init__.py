"""Pictures and pages at the edge: the canvas and the page frame of reports."""
