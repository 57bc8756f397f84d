//! Answers every HTTP request with the name of the architecture it runs on. It calls Linux itself, because the networking
//! of Zig's standard library changes from release to release and this shall compile with several.

const std = @import("std");
const builtin = @import("builtin");
const options = @import("options");
const linux = std.os.linux;

const body = "hello from " ++ @tagName(builtin.cpu.arch) ++ "\n";
const response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: " ++
    std.fmt.comptimePrint("{d}", .{body.len}) ++ "\r\n\r\n" ++ body;

pub fn main() !void {
    const listener = try descriptor(linux.socket(linux.AF.INET, linux.SOCK.STREAM | linux.SOCK.CLOEXEC, 0));
    const yes: u32 = 1;
    _ = try check(linux.setsockopt(listener, linux.SOL.SOCKET, linux.SO.REUSEADDR, std.mem.asBytes(&yes), @sizeOf(u32)));
    var address: linux.sockaddr.in = .{ .port = std.mem.nativeToBig(u16, options.port), .addr = 0 };
    _ = try check(linux.bind(listener, @ptrCast(&address), @sizeOf(linux.sockaddr.in)));
    _ = try check(linux.listen(listener, 128));
    var size: linux.socklen_t = @sizeOf(linux.sockaddr.in);
    _ = try check(linux.getsockname(listener, @ptrCast(&address), &size));
    std.debug.print("listening on port {d}\n", .{std.mem.bigToNative(u16, address.port)});
    while (true) {
        const connection = descriptor(linux.accept4(listener, null, null, linux.SOCK.CLOEXEC)) catch continue;
        defer _ = linux.close(connection);
        var request: [4096]u8 = undefined;
        _ = check(linux.read(connection, &request, request.len)) catch continue;
        _ = check(linux.write(connection, response, response.len)) catch continue;
    }
}

/// What a system call returned, or an error where that is a negative errno.
fn check(result: usize) !usize {
    if (@as(isize, @bitCast(result)) < 0) return error.SystemCallFailed;
    return result;
}

fn descriptor(result: usize) !i32 {
    return @intCast(try check(result));
}
