"""The dispatcher: records what happened, decides whom it concerns, and hands each of them a job."""
