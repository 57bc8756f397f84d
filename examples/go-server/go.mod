module example.com/go-server

go 1.22

require (
	github.com/go-chi/chi/v5 v5.2.1
	github.com/klauspost/compress v1.17.11
	golang.org/x/net v0.34.0
)

require golang.org/x/text v0.21.0 // indirect
