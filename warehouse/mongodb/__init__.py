"""Reach MongoDB: the one that MONGODB_URI names, or an embedded one."""

from warehouse.mongodb.connection import open_mongodb
from warehouse.mongodb.embedded import EmbeddedMongo, embedded_mongod

__all__ = ["EmbeddedMongo", "embedded_mongod", "open_mongodb"]
