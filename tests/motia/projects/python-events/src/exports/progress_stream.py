"""A stream: what the page that exports rows follows live."""

from pydantic import BaseModel


class Progress(BaseModel):
    done: int
    of: int


config = {
    "name": "progress",
    "schema": Progress.model_json_schema(),
    "baseConfig": {"storageType": "default"},
}
