"""Pure array functions on time series: filters, gaps, angles, crossings."""
