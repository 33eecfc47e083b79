#include <millrace/event/envelope.hpp>

#include <gtest/gtest.h>

namespace millrace {
namespace {

struct deposited {
  std::int64_t ts;
  double amount;
};

event_layout deposited_layout() {
  event_layout layout("Deposited", 3, 2);
  field ts;
  ts.name = "ts";
  ts.type = field_type::timestamp;
  layout.add(ts);
  field amount;
  amount.name = "amount";
  amount.type = field_type::f64;
  layout.add(amount);
  return layout;
}

TEST(envelope, names_every_part_of_the_header_and_points_at_the_data) {
  const event_layout layout = deposited_layout();
  event<deposited> stored{};
  stored.header.id = {7, 8};
  stored.header.time_ns = 9;
  stored.header.key = 10;
  stored.header.aggregate_type = 11;
  stored.header.correlation = 12;
  stored.header.causation = 13;
  stored.header.schema_version = 2;
  stored.data = {9, 2.5};
  const envelope seen = envelope_of(stored.header, layout);
  EXPECT_EQ(seen.id, (event_id{7, 8}));
  EXPECT_EQ(seen.type, "Deposited");
  EXPECT_EQ(seen.version, 2);
  EXPECT_EQ(seen.time_ns, 9);
  EXPECT_EQ(seen.aggregate_id, 10U);
  EXPECT_EQ(seen.aggregate_type, 11);
  EXPECT_EQ(seen.correlation, 12U);
  EXPECT_EQ(seen.causation, 13U);
  ASSERT_EQ(seen.data.size(), sizeof(deposited));
  EXPECT_EQ(seen.data.data(), reinterpret_cast<const std::byte*>(&stored.data));
}

}  // namespace
}  // namespace millrace
