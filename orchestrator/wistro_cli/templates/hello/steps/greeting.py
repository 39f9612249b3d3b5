"""What the steps say to each other."""

from pydantic import BaseModel


class Asked(BaseModel):
    """Somebody is to be greeted."""

    name: str


class Written(BaseModel):
    """A greeting was written."""

    name: str
    text: str
