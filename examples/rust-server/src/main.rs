//! Answers every request with what it runs on, as JSON.

use serde_json::json;
use tiny_http::{Header, Response, Server};

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let server = Server::http("0.0.0.0:8080")?;
    let json_type = Header::from_bytes("Content-Type", "application/json").expect("a valid header");
    println!("listening on port 8080");
    for request in server.incoming_requests() {
        let body = json!({
            "path": request.url(),
            "arch": std::env::consts::ARCH,
            "libc": if cfg!(target_env = "musl") { "musl" } else { "glibc" },
        });
        // A client that hangs up is no reason to stop.
        let _ = request.respond(Response::from_string(body.to_string()).with_header(json_type.clone()));
    }
    Ok(())
}
