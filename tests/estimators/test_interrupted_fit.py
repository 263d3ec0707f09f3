"""Interrupts in `fit`: a usable model at a completed step, or the one from before."""
