#pragma once

// All that a program needs to run patterns inside itself.

#include <millrace/base/error.hpp>
#include <millrace/base/fixed_string.hpp>
#include <millrace/cep/builder.hpp>
#include <millrace/cep/pattern_error.hpp>
#include <millrace/event/event.hpp>
#include <millrace/placement/placement.hpp>
#include <millrace/time/timestamp.hpp>
#include <millrace/topology/topology.hpp>
