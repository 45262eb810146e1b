"""Sample ERPNext sites on loopback, and the demo that runs the main job against them."""
