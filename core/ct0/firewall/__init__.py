"""Packet filters as texts say they are: parsed, brought to one form, compared. Reads no system."""
