"""Live: the page that shows a camera, a video or a stream and what is recognised in it."""
