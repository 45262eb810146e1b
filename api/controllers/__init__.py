"""Controllers: one class per resource; they ask `warehouse.reading` and answer structs."""
