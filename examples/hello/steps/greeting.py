from pydantic import BaseModel


class Greeting(BaseModel):
    name: str
