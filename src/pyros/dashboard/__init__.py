"""The web shell: base page, navigation, Tonight, live stream. Each app brings its own pages."""
