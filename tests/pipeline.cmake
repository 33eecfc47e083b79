# Rooms of pipeline/.
millrace_test(placement SOURCES pipeline/placement/placement_test.cpp LIBRARIES millrace::pipeline)
