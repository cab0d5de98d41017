"""Stand-ins for every port, synthetic runners and synthetic videos, for our tests and for yours."""
