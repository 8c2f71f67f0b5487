//! sandbox_wire
