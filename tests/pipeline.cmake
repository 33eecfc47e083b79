# Rooms of pipeline/.
