"""The dashboard: thin Streamlit scripts over the engine, one per screen."""
