"""FastAPI on uvicorn: `pipeline.predict` on the event loop, by an async function."""

from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel

from model.artifact import load

pipeline = load(Path("model/trained")).pipeline
application = FastAPI()


class Text(BaseModel):
    """The body of a request."""

    text: str


class Label(BaseModel):
    """The body of an answer."""

    label: str


@application.post("/prediction")
async def prediction(given: Text) -> Label:
    """Answer the label of one text."""
    return Label(label=str(pipeline.predict([given.text])[0]))


@application.get("/readyz")
async def ready() -> str:
    """Answer that the server is up."""
    return "ready"
