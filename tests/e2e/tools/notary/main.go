// notary sign|verify HOST/REPOSITORY@DIGEST FOLDER signs an image over plain http as notation does, or checks its signature. Key and
// certificate are made in FOLDER at the first signing; verify trusts that certificate alone.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	"oras.land/oras-go/v2/registry/remote"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A key and its own certificate for signing code; the certificate is put where a trust store has it.
func newKey(folder string) (*ecdsa.PrivateKey, *x509.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "e2e", Organization: []string{"e2e"}, Country: []string{"DE"}, Province: []string{"x"}},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err)
	certificate, err := x509.ParseCertificate(der)
	must(err)
	store := filepath.Join(folder, "truststore", "x509", "ca", "e2e")
	must(os.MkdirAll(store, 0o700))
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(os.WriteFile(filepath.Join(store, "e2e.pem"), text, 0o600))
	return key, certificate
}

func sign(repository registry.Repository, reference, folder string) {
	key, certificate := newKey(folder)
	with, err := signer.NewGenericSigner(key, []*x509.Certificate{certificate})
	must(err)
	options := notation.SignOptions{ArtifactReference: reference}
	options.SignatureMediaType = jws.MediaTypeEnvelope
	_, err = notation.Sign(context.Background(), with, repository, options)
	must(err)
}

func verify(repository registry.Repository, reference, folder string) {
	policy := &trustpolicy.Document{Version: "1.0", TrustPolicies: []trustpolicy.TrustPolicy{{
		Name:           "e2e",
		RegistryScopes: []string{"*"},
		SignatureVerification: trustpolicy.SignatureVerification{
			VerificationLevel: trustpolicy.LevelStrict.Name,
			Override:          map[trustpolicy.ValidationType]trustpolicy.ValidationAction{trustpolicy.TypeRevocation: trustpolicy.ActionSkip},
		},
		TrustStores:       []string{"ca:e2e"},
		TrustedIdentities: []string{"*"},
	}}}
	by, err := verifier.New(policy, truststore.NewX509TrustStore(dir.NewSysFS(folder)), nil)
	must(err)
	options := notation.VerifyOptions{ArtifactReference: reference, MaxSignatureAttempts: 10}
	_, _, err = notation.Verify(context.Background(), by, repository, options)
	must(err)
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: notary sign|verify HOST/REPOSITORY@DIGEST FOLDER")
	}
	repository, err := remote.NewRepository(os.Args[2])
	must(err)
	repository.PlainHTTP = true
	work := map[string]func(registry.Repository, string, string){"sign": sign, "verify": verify}[os.Args[1]]
	if work == nil {
		log.Fatal("neither sign nor verify: ", os.Args[1])
	}
	work(registry.NewRepository(repository), os.Args[2], os.Args[3])
}
