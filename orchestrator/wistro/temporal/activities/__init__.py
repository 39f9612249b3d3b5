"""The activities that runs do by themselves, whatever their steps are written in."""
