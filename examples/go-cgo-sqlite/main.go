// Command go-cgo-sqlite opens a database, writes a row and reads it back.
package main

import (
	"database/sql"
	"fmt"
	"log"
	"os"
	"runtime"

	_ "github.com/mattn/go-sqlite3"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	name := ":memory:"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	db, err := sql.Open("sqlite3", name)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE IF NOT EXISTS machine (arch TEXT)"); err != nil {
		return err
	}
	if _, err := db.Exec("INSERT INTO machine VALUES (?)", runtime.GOARCH); err != nil {
		return err
	}
	var arch, version string
	if err := db.QueryRow("SELECT arch, sqlite_version() FROM machine").Scan(&arch, &version); err != nil {
		return err
	}
	fmt.Printf("SQLite %s on %s\n", version, arch)
	return nil
}
