"""Report pages: the HTML frame, its look, and charts as SVG text. Pure string building; knows no analysis."""
