"""The course of one fit."""
