"""Two-stage stochastic programmes with linear recourse, and the integer L-shaped method."""
