"""Training graphs that wait for the next fit, and the predictors that models share."""
