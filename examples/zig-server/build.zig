const std = @import("std");

pub fn build(b: *std.Build) void {
    const options = b.addOptions();
    options.addOption(u16, "port", b.option(u16, "port", "The port to listen on; 0 takes one that is free") orelse 8080);
    const exe = b.addExecutable(.{
        .name = "zig-server",
        .root_module = b.createModule(.{
            .root_source_file = b.path("src/main.zig"),
            .target = b.standardTargetOptions(.{}),
            .optimize = b.standardOptimizeOption(.{}),
            .strip = b.option(bool, "strip", "Leave debug information out, and with it the paths of this machine"),
        }),
    });
    exe.root_module.addOptions("options", options);
    b.installArtifact(exe);
}
