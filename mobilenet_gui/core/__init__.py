"""Recognition: pixels in, typed answers out. No Qt and no TensorFlow below this line."""
