"""Rules that the shape of the code keeps."""
