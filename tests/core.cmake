# Rooms of core/.
