"""What goes over the wire: msgspec structs, apart from what is stored."""
