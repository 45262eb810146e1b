"""The csa command."""
