package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"scopegate/gateway/config"
)

// The parts of Kubernetes objects that these files use. A field that is not
// here is a typo, or a promise that no test looks at.
type (
	object struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       yaml.Node
	}
	metadata struct {
		Name        string
		Namespace   string
		Labels      map[string]string
		Annotations map[string]string
	}
	selector struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}

	statefulSet struct {
		Replicas    int
		ServiceName string `yaml:"serviceName"`
		Selector    selector
		Template    struct {
			Metadata metadata
			Spec     pod
		}
		VolumeClaimTemplates []struct {
			Metadata metadata
			Spec     struct {
				AccessModes []string `yaml:"accessModes"`
				Resources   struct{ Requests map[string]string }
			}
		} `yaml:"volumeClaimTemplates"`
	}
	pod struct {
		AutomountServiceAccountToken  *bool `yaml:"automountServiceAccountToken"`
		EnableServiceLinks            *bool `yaml:"enableServiceLinks"`
		TerminationGracePeriodSeconds int   `yaml:"terminationGracePeriodSeconds"`
		SecurityContext               struct {
			RunAsNonRoot        bool              `yaml:"runAsNonRoot"`
			RunAsUser           int               `yaml:"runAsUser"`
			RunAsGroup          int               `yaml:"runAsGroup"`
			FSGroup             int               `yaml:"fsGroup"`
			FSGroupChangePolicy string            `yaml:"fsGroupChangePolicy"`
			SeccompProfile      map[string]string `yaml:"seccompProfile"`
		} `yaml:"securityContext"`
		Containers []container
		Volumes    []struct {
			Name      string
			ConfigMap struct{ Name string } `yaml:"configMap"`
		}
	}
	container struct {
		Name  string
		Image string
		Args  []string
		Env   []struct{ Name, Value string }
		Ports []struct {
			Name          string
			ContainerPort int `yaml:"containerPort"`
		}
		StartupProbe    probe `yaml:"startupProbe"`
		ReadinessProbe  probe `yaml:"readinessProbe"`
		LivenessProbe   probe `yaml:"livenessProbe"`
		Resources       struct{ Requests, Limits map[string]string }
		SecurityContext struct {
			AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
			Capabilities             struct{ Drop []string }
		} `yaml:"securityContext"`
		VolumeMounts []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}
	probe struct {
		Exec             struct{ Command []string }
		HTTPGet          struct{ Path, Port string } `yaml:"httpGet"`
		PeriodSeconds    int                         `yaml:"periodSeconds"`
		TimeoutSeconds   int                         `yaml:"timeoutSeconds"`
		FailureThreshold int                         `yaml:"failureThreshold"`
	}

	service struct {
		Selector map[string]string
		Ports    []struct {
			Name       string
			Port       int
			TargetPort string `yaml:"targetPort"`
		}
	}
	networkPolicy struct {
		PodSelector selector `yaml:"podSelector"`
		PolicyTypes []string `yaml:"policyTypes"`
		Ingress     []struct {
			From []struct {
				NamespaceSelector selector `yaml:"namespaceSelector"`
				PodSelector       selector `yaml:"podSelector"`
			}
			Ports []struct{ Port string }
		}
	}
	kustomization struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Resources  []string
		Images     []struct {
			Name    string
			NewName string `yaml:"newName"`
			NewTag  string `yaml:"newTag"`
		}
		ConfigMapGenerator []struct {
			Name, Namespace string
			Files           []string
		} `yaml:"configMapGenerator"`
		GeneratorOptions map[string]bool `yaml:"generatorOptions"`
	}
)

func TestOneReplicaOwnsTheStore(t *testing.T) {
	set := spec[statefulSet](t, "scopegate.yaml", "StatefulSet", "scopegate")
	if set.Replicas != 1 {
		t.Errorf("replicas is %d, but one process owns the store", set.Replicas)
	}
	claims := set.VolumeClaimTemplates
	if len(claims) != 1 || claims[0].Metadata.Name != "data" || !slices.Equal(claims[0].Spec.AccessModes, []string{"ReadWriteOnce"}) {
		t.Errorf("want one ReadWriteOnce claim named data, have %+v", claims)
	}
	dir := env(gateway(t), "SCOPEGATE_DATA_DIR")
	if !strings.HasPrefix(dir, "/data/") {
		t.Errorf("SCOPEGATE_DATA_DIR is %q, want a folder below the volume", dir)
	}
	if policy := set.Template.Spec.SecurityContext.FSGroupChangePolicy; policy != "OnRootMismatch" {
		t.Errorf("fsGroupChangePolicy is %q: it would open the store's files to the group", policy)
	}
}

func TestThePodIsConfined(t *testing.T) {
	pod := spec[statefulSet](t, "scopegate.yaml", "StatefulSet", "scopegate").Template.Spec
	security := pod.SecurityContext
	if !security.RunAsNonRoot || security.RunAsUser != 65532 || security.RunAsGroup != 65532 || security.FSGroup != 65532 {
		t.Errorf("want the image's user 65532, have %+v", security)
	}
	if security.SeccompProfile["type"] != "RuntimeDefault" {
		t.Error("no seccomp profile")
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Error("the pod gets a token of the cluster that it has no use for")
	}
	own := gateway(t).SecurityContext
	if !own.ReadOnlyRootFilesystem {
		t.Error("the root file system can be written")
	}
	if own.AllowPrivilegeEscalation == nil || *own.AllowPrivilegeEscalation || !slices.Equal(own.Capabilities.Drop, []string{"ALL"}) {
		t.Error("privileges can be gained")
	}
}

func TestProbesAskTheAdminSide(t *testing.T) {
	c := gateway(t)
	if !slices.Equal(c.StartupProbe.Exec.Command, []string{"/scopegate", "healthcheck"}) {
		t.Errorf("startup: %v", c.StartupProbe.Exec.Command)
	}
	if p := c.ReadinessProbe.HTTPGet; p.Path != "/readyz" || p.Port != "admin" {
		t.Errorf("readiness: %+v", p)
	}
	if p := c.LivenessProbe.HTTPGet; p.Path != "/healthz" || p.Port != "admin" {
		t.Errorf("liveness: %+v; asking /readyz would restart what only drains", p)
	}
	for _, port := range c.Ports {
		name := map[string]string{"http": "SCOPEGATE_LISTEN", "admin": "SCOPEGATE_ADMIN_LISTEN"}[port.Name]
		if want := map[int]string{8080: ":8080", 8081: ":8081"}[port.ContainerPort]; want == "" || env(c, name) != want {
			t.Errorf("port %s is %d, but %s is %q", port.Name, port.ContainerPort, name, env(c, name))
		}
	}
}

func TestTheServiceShowsThePublicListenerOnly(t *testing.T) {
	set := spec[statefulSet](t, "scopegate.yaml", "StatefulSet", "scopegate")
	svc := spec[service](t, "scopegate.yaml", "Service", set.ServiceName)
	if len(svc.Ports) != 1 || svc.Ports[0].TargetPort != "http" {
		t.Errorf("want the port http alone, have %+v", svc.Ports)
	}
	for k, v := range svc.Selector {
		if set.Template.Metadata.Labels[k] != v || set.Selector.MatchLabels[k] != v {
			t.Errorf("%s=%s selects no pod", k, v)
		}
	}
}

func TestOnlyTheGatewayReachesTheBackends(t *testing.T) {
	policy := spec[networkPolicy](t, "network.yaml", "NetworkPolicy", "backends-only-through-scopegate")
	if len(policy.PodSelector.MatchLabels) != 0 || !slices.Equal(policy.PolicyTypes, []string{"Ingress"}) {
		t.Error("the policy does not cover every pod of the backends' namespace")
	}
	if len(policy.Ingress) != 1 || len(policy.Ingress[0].From) != 1 {
		t.Fatalf("want one peer, have %+v", policy.Ingress)
	}
	peer := policy.Ingress[0].From[0]
	labels := spec[statefulSet](t, "scopegate.yaml", "StatefulSet", "scopegate").Template.Metadata.Labels
	if peer.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"] != "scopegate" || len(peer.PodSelector.MatchLabels) == 0 {
		t.Errorf("the peer is %+v, wider than the gateway's pods", peer)
	}
	for k, v := range peer.PodSelector.MatchLabels {
		if labels[k] != v {
			t.Errorf("%s=%s is not the gateway", k, v)
		}
	}
}

func TestTheAdminPortIsNotOpenToAll(t *testing.T) {
	policy := spec[networkPolicy](t, "network.yaml", "NetworkPolicy", "scopegate")
	for _, rule := range policy.Ingress {
		for _, port := range rule.Ports {
			if port.Port != "http" && len(rule.From) == 0 {
				t.Errorf("port %s is open to everybody", port.Port)
			}
		}
		if len(rule.Ports) == 0 {
			t.Error("a rule opens every port")
		}
	}
}

func TestTheKustomizationNamesFilesThatExist(t *testing.T) {
	k := decode[kustomization](t, "kubernetes/kustomization.yaml")[0]
	if len(k.ConfigMapGenerator) != 1 || !k.GeneratorOptions["disableNameSuffixHash"] {
		t.Fatal("want one ConfigMap under a lasting name")
	}
	config := k.ConfigMapGenerator[0]
	for _, name := range slices.Concat(k.Resources, config.Files) {
		if _, err := os.Stat(filepath.Join("kubernetes", name)); err != nil {
			t.Error(err)
		}
	}
	pod := spec[statefulSet](t, "scopegate.yaml", "StatefulSet", "scopegate").Template.Spec
	if len(pod.Volumes) != 1 || pod.Volumes[0].ConfigMap.Name != config.Name || config.Namespace != "scopegate" {
		t.Errorf("the pod mounts %+v, not the ConfigMap %s", pod.Volumes, config.Name)
	}
}

func TestTheExampleRoutesLoad(t *testing.T) {
	const name = "kubernetes/routes.yaml"
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := config.Load(name, content, config.Environment{}); len(problems) > 0 {
		t.Error(problems)
	}
}

// spec finds one object and decodes its spec strictly.
func spec[T any](t *testing.T, file, kind, name string) T {
	t.Helper()
	for _, o := range decode[object](t, filepath.Join("kubernetes", file)) {
		if o.Kind != kind || o.Metadata.Name != name {
			continue
		}
		text, err := yaml.Marshal(&o.Spec)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(strings.NewReader(string(text)))
		decoder.KnownFields(true)
		var out T
		if err := decoder.Decode(&out); err != nil {
			t.Fatalf("%s: %s %s: %v", file, kind, name, err)
		}
		return out
	}
	t.Fatalf("%s: no %s %s", file, kind, name)
	panic("unreachable")
}

func gateway(t *testing.T) container {
	t.Helper()
	containers := spec[statefulSet](t, "scopegate.yaml", "StatefulSet", "scopegate").Template.Spec.Containers
	if len(containers) != 1 {
		t.Fatalf("want one container, have %d", len(containers))
	}
	return containers[0]
}

func env(c container, name string) string {
	for _, e := range c.Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}
