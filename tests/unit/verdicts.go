// The verdicts of Go's crypto/x509 on the chains of test_tls_chains.c: reads "NUMBER HOST" from stdin, prints one line each.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func read(folder, name string) []*x509.Certificate {
	var found []*x509.Certificate
	rest, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		panic(err)
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return found
		}
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, certificate)
		}
	}
}

func verdict(folder, number, host string) string {
	options := x509.VerifyOptions{DNSName: host, Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}
	leaf := read(folder, number+".leaf")
	if len(leaf) == 0 {
		return "the leaf cannot be read"
	}
	for _, anchor := range read(folder, number+".anchors") {
		options.Roots.AddCert(anchor)
	}
	for _, sent := range read(folder, number+".sent") {
		options.Intermediates.AddCert(sent)
	}
	if _, err := leaf[0].Verify(options); err != nil {
		return strings.ReplaceAll(err.Error(), "\n", " ")
	}
	return "OK"
}

func main() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		number, host, _ := strings.Cut(lines.Text(), " ")
		fmt.Println(verdict(os.Args[1], number, host))
	}
}
