const std = @import("std");
const builtin = @import("builtin");

pub fn main() void {
    std.debug.print("hello from {s}, compiled by zig {s}\n", .{ @tagName(builtin.cpu.arch), builtin.zig_version_string });
}
