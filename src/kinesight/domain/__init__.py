"""What Kinesight talks about: values, errors and ports. Imports numpy and pydantic, nothing else."""
