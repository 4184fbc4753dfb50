"""What the numbers mean and how they are computed; free of Streamlit."""
