/*
 * Messages of registries with names made up, and what is taken from each: images, then "+N" for
 * other events, or "!error". " is written as '.
 */
#pragma once

#include "test_event_fixture.h"

struct event_payload {
	const char *kind, *headers, *body, *wanted;
};

#define DIGEST_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define HUB(push, repository)                                                                      \
	"{'callback_url':'https://registry.hub.docker.com/u/x/','push_data':" push                 \
	",'repository':{'description':'\\ud800 \\u0000','status':'Active'," repository "}}"
#define HARBOR(type, resources)                                                                    \
	"{'type':'" type                                                                           \
	"','occur_at':1700000000,'operator':'admin','event_data':{'resources':[" resources         \
	"],'repository':{'date_created':1700000000,'name':'app','namespace':'team',"               \
	"'repo_full_name':'team/app','repo_type':'private'}}}"
#define HARBOR_CLOUD(type, resources)                                                              \
	"{'specversion':'1.0','id':'x','source':'/projects/1/webhook/policies/3','type':'" type    \
	"','datacontenttype':'application/json','data':{'resources':[" resources                   \
	"],'repository':{'repo_full_name':'team/app'}},'operator':'robot'}"
#define RESOURCE(reference, url)                                                                   \
	"{'digest':'" DIGEST_A "','tag':'" reference "','resource_url':'" url "'}"
#define QUAY(rest)                                                                                 \
	"{'name':'app','repository':'team/app','namespace':'team','docker_url':"                   \
	"'quay.example.com/team/app','homepage':'https://quay.example.com/repository/x'" rest "}"
#define GITHUB(member, action, type, url, tag)                                                     \
	"{'action':'" action "','" member "':{'id':1,'name':'Repo/App','namespace':'Team',"        \
	"'ecosystem':'" type "','package_type':'" type "','owner':{'login':'Team'},"               \
	"'package_version':{'version':'" DIGEST_A "','package_url':'" url                          \
	"','container_metadata':"                                                                  \
	"{'tag':" tag ",'labels':{'description':'\\ud800'}}}},'sender':{'login':'x'}}"
#define GITHUB_URL "ghcr.io/Team/Repo/App:v1"
#define ACR(action, target)                                                                        \
	"{'id':'x','timestamp':'2026-01-01T00:00:00Z','action':'" action "','target':{"            \
	"'mediaType':'application/vnd.docker.distribution.manifest.v2+json','digest':'" DIGEST_A   \
	"'," target "},'request':{'id':'y','host':'team.azurecr.io','method':'PUT'}}"
#define ACR_PUSH ACR("push", "'repository':'team/app','tag':'v1'")
#define GRID(type, data)                                                                           \
	"{'id':'x','topic':'/subscriptions/y','subject':'app:v1','eventType':'" type               \
	"','data':" data "}"
#define ALIYUN(push, repository)                                                                   \
	"{'push_data':" push ",'repository':{'date_created':'2020-01-01 00:00:00','name':'app',"   \
	"'namespace':'team','repo_type':'PUBLIC'," repository "}}"
#define EVENT(action, target, request)                                                             \
	"{'id':'x','timestamp':'2026-01-01T00:00:00Z','action':'" action "','target':{" target     \
	"},'request':{" request "},'actor':{},'source':{'addr':'r:5000','instanceID':'z'}}"
#define PUSH(rest) EVENT("push", TARGET(rest), HOST)
#define EVENTS(list) "{'events':[" list "]}"
#define TARGET(rest)                                                                               \
	"'mediaType':'application/vnd.oci.image.manifest.v1+json','size':1,'digest':'" DIGEST_A    \
	"','url':'https://store.example.com/v2/team/app/manifests/" DIGEST_A                       \
	"','repository':'team/app'" rest
#define HOST "'id':'y','host':'r.example.com:5000','method':'PUT'"
#define ZOT_DATA(reference)                                                                        \
	"{'name':'team/app','reference':'" reference "','digest':'" DIGEST_A                       \
	"','mediaType':'application/vnd.oci.image.manifest.v1+json','manifest':'{}'}"
#define ZOT(type, source, data)                                                                    \
	"{'specversion':'1.0','id':'x','source':'" source "','type':'" type                        \
	"','datacontenttype':'application/json','data':" data "}"
#define NEXUS(action, what)                                                                        \
	"{'timestamp':'2026-01-01T00:00:00.000+0000','nodeId':'x','initiator':'a/192.0.2.1',"      \
	"'repositoryName':'docker','action':'" action "'," what "}"
#define ASSET(format, name) "'asset':{'id':'x','format':'" format "','name':'" name "'}"
#define COMPONENT(format, version)                                                                 \
	"'component':{'id':'x','format':'" format                                                  \
	"','name':'team/app','group':'','version':'" version "'}"

static const struct event_payload event_payloads[] = {
	/* Docker Hub */
	{"dockerhub", "", HUB("{'pushed_at':1,'pusher':'p','tag':'v1'}", "'repo_name':'team/app'"),
	 "docker.io/team/app:v1"},
	{"dockerhub", "", HUB("{'tag':'latest'}", "'repo_name':'nginx'"),
	 "docker.io/library/nginx:latest"},
	{"dockerhub", "", HUB("{'tag':'latest'}", "'repo_name':'library/nginx'"),
	 "docker.io/library/nginx:latest"},
	{"dockerhub", "", HUB("{'pusher':'p'}", "'repo_name':'team/app'"), "+1"},
	{"dockerhub", "", HUB("{'tag':''}", "'repo_name':'team/app'"), "+1"},
	{"dockerhub", "", HUB("{'tag':null}", "'repo_name':'team/app'"), "+1"},
	{"dockerhub", "", HUB("{'tag':7}", "'repo_name':'team/app'"),
	 "!push_data.tag: a string was expected, not a number"},
	{"dockerhub", "", HUB("{'tag':'a','tag':'b'}", "'repo_name':'team/app'"),
	 "!push_data.tag: a string was expected, not given twice"},
	{"dockerhub", "", HUB("{'tag':'a&b'}", "'repo_name':'team/app'"),
	 "!push_data.tag: \"a&b\" is not a valid tag"},
	{"dockerhub", "", HUB("{'tag':'v1\\u0000'}", "'repo_name':'team/app'"),
	 "!push_data.tag: \"v1\\x7f\" is not a valid tag"},
	{"dockerhub", "", HUB("{'tag':'v1'}", "'name':'app'"), "!repository.repo_name: missing"},
	{"dockerhub", "", HUB("{'tag':'v1'}", "'repo_name':'team/app:v2'"),
	 "!repository.repo_name: \"team/app:v2\" is not a valid repository"},
	{"dockerhub", "", HUB("{'tag':'v1'}", "'repo_name':'team/app@" DIGEST_A "'"),
	 "!repository.repo_name: \"team/app@" DIGEST_A "\" is not a valid repository"},
	{"dockerhub", "", HUB("{'tag':'v1'}", "'repo_name':'../etc'"),
	 "!repository.repo_name: \"../etc\" is not a valid repository"},
	{"dockerhub", "", HUB("{'tag':'v1'}", "'repo_name':'Team/app'"),
	 "!repository.repo_name: \"Team/app\" is not a valid repository"},
	{"dockerhub", "", HUB("{'tag':'v1'}", "'repo_name':'/app'"),
	 "!repository.repo_name: \"/app\" is not a valid repository"},
	{"dockerhub", "", HUB("{'tag':'v1'}", "'repo_name':'team/\\u4f60'"),
	 "!repository.repo_name: \"team/\xe4\xbd\xa0\" is not a valid repository"},
	{"dockerhub", "", "{'repository':{'repo_name':'team/app'}}",
	 "!push_data: a mapping was expected, not nothing"},
	{"dockerhub", "", "[]", "!push_data: a mapping was expected, not nothing"},
	{"dockerhub", "", "", "!the body cannot be read as JSON: 1:1: the document is empty"},

	/* Harbor */
	{"harbor", "", HARBOR("PUSH_ARTIFACT", RESOURCE("v1", "hub.example.com/team/app:v1")),
	 "hub.example.com/team/app:v1"},
	{"harbor", "",
	 HARBOR("PUSH_ARTIFACT",
		RESOURCE("v1", "Hub.example.com:8443/team/app:v1") "," RESOURCE(
			"v2", "hub.example.com:8443/team/app:v2") "," RESOURCE(DIGEST_A,
									       "x.io/a@" DIGEST_A)),
	 "hub.example.com:8443/team/app:v1 hub.example.com:8443/team/app:v2+1"},
	{"harbor", "", HARBOR("pushImage", RESOURCE("v1", "10.0.0.1/team/app:v1")),
	 "10.0.0.1/team/app:v1"},
	{"harbor", "", HARBOR("PUSH_ARTIFACT", "{'tag':'v1'}"), "?/team/app:v1"},
	{"harbor", "", HARBOR("PUSH_ARTIFACT", RESOURCE("v1", "harbor/team/app:v1")),
	 "?/team/app:v1"},
	{"harbor", "", HARBOR("PUSH_ARTIFACT", RESOURCE("v1", "https://hub.example.com/x:v1")),
	 "hub.example.com/team/app:v1"},
	{"harbor", "", HARBOR("PUSH_ARTIFACT", RESOURCE("v1", "a@b.example.com/team/app:v1")),
	 "!event_data.resources[].resource_url: \"a@b.example.com\" is not a valid host"},
	{"harbor", "", HARBOR("PUSH_ARTIFACT", RESOURCE("sha256-aa.sig", "a.io/team/app:x")),
	 "a.io/team/app:sha256-aa.sig"},
	{"harbor", "", HARBOR("PUSH_ARTIFACT", ""), ""},
	{"harbor", "", HARBOR("PUSH_ARTIFACT", "null"), "+1"},
	{"harbor", "", HARBOR("PULL_ARTIFACT", RESOURCE("v1", "a.io/team/app:v1")), "+1"},
	{"harbor", "", HARBOR("DELETE_ARTIFACT", RESOURCE("v1", "a.io/team/app:v1")), "+1"},
	{"harbor", "", HARBOR("SCANNING_COMPLETED", ""), "+1"},
	{"harbor", "", HARBOR("UPLOAD_CHART", ""), "+1"},
	{"harbor", "", HARBOR_CLOUD("harbor.artifact.pushed", RESOURCE("v1", "a.io/team/app:v1")),
	 "a.io/team/app:v1"},
	{"harbor", "", HARBOR_CLOUD("harbor.artifact.pulled", RESOURCE("v1", "a.io/team/app:v1")),
	 "+1"},
	{"harbor", "", HARBOR_CLOUD("PUSH_ARTIFACT", ""),
	 "!event_data: a mapping was expected, not nothing"},
	{"harbor", "", "{'type':'PUSH_ARTIFACT','event_data':{'resources':{}}}",
	 "!event_data.resources: a list was expected, not a mapping"},
	{"harbor", "", "{'type':'harbor.artifact.pushed','data':{}}",
	 "!data.resources: a list was expected, not nothing"},
	{"harbor", "", "{}", "!type: missing"},

	/* Quay */
	{"quay", "", QUAY(",'updated_tags':['v1','latest']"),
	 "quay.example.com/team/app:v1 quay.example.com/team/app:latest"},
	{"quay", "", QUAY(",'updated_tags':{'v1':'0123','latest':'4567'}"),
	 "quay.example.com/team/app:v1 quay.example.com/team/app:latest"},
	{"quay", "", QUAY(",'updated_tags':[]"), ""},
	{"quay", "", QUAY(",'updated_tags':['" DIGEST_A "','']"), "+2"},
	{"quay", "", QUAY(",'build_id':'x','docker_tags':['v1']"), "+1"},
	{"quay", "", QUAY(",'vulnerability':{'id':'x'},'tags':['v1']"), "+1"},
	{"quay", "", QUAY(",'updated_tags':[1]"),
	 "!updated_tags[]: a string was expected, not a number"},
	{"quay", "", QUAY(",'updated_tags':'v1'"),
	 "!updated_tags: a list was expected, not a string"},
	{"quay", "", "{'repository':'team/app','updated_tags':['v1']}", "?/team/app:v1"},
	{"quay", "", "{'docker_url':'a.io/team/app','updated_tags':['v1']}",
	 "!repository: missing"},
	{"quay", "", "[]", "!updated_tags: a list was expected, not nothing"},

	/* GitHub */
	{"github", "X-GitHub-Event:registry_package",
	 GITHUB("registry_package", "published", "CONTAINER", GITHUB_URL, "{'name':'v1'}"),
	 "ghcr.io/team/repo/app:v1"},
	{"github", "x-github-event: package",
	 GITHUB("package", "updated", "container", GITHUB_URL, "{'name':'v1'}"),
	 "ghcr.io/team/repo/app:v1"},
	{"github", "", GITHUB("package", "published", "CONTAINER", GITHUB_URL, "{'name':'v1'}"),
	 "ghcr.io/team/repo/app:v1"},
	{"github", "",
	 GITHUB("package", "published", "CONTAINER", "containers.git.example.com/Team/Repo/App:v1",
		"{'name':'v1'}"),
	 "containers.git.example.com/team/repo/app:v1"},
	{"github", "", GITHUB("package", "published", "CONTAINER", "", "{'name':'v1'}"),
	 "ghcr.io/team/repo/app:v1"},
	{"github", "", GITHUB("package", "published", "CONTAINER", "ghcr.io/T/A:", "{'name':''}"),
	 "+1"},
	{"github", "", GITHUB("package", "published", "CONTAINER", GITHUB_URL, "null"), "+1"},
	{"github", "",
	 GITHUB("package", "published", "CONTAINER", GITHUB_URL, "{'name':'" DIGEST_A "'}"), "+1"},
	{"github", "", GITHUB("package", "deleted", "CONTAINER", GITHUB_URL, "{'name':'v1'}"),
	 "+1"},
	{"github", "", GITHUB("package", "published", "npm", "", "{'name':'v1'}"), "+1"},
	{"github", "", GITHUB("package", "published", "docker", "", "{'name':'v1'}"), "+1"},
	{"github", "X-GitHub-Event:ping", "{'zen':'x','hook_id':1,'hook':{}}", "+1"},
	{"github", "X-GitHub-Event:push", "{'ref':'refs/heads/main'}", "+1"},
	{"github", "X-GitHub-Event:push",
	 GITHUB("package", "published", "CONTAINER", GITHUB_URL, "{'name':'v1'}"), "+1"},
	{"github", "X-GitHub-Event:package", "{'action':'published'}",
	 "!package: a mapping was expected, not nothing"},
	{"github", "", GITHUB("package", "published", "CONTAINER", GITHUB_URL, "{'name':['v1']}"),
	 "!package.package_version.container_metadata.tag.name: a string was expected, not a list"},
	{"github", "", GITHUB("package", "published", "CONTAINER", "a b/x", "{'name':'v1'}"),
	 "!package.package_version.package_url: \"a b\" is not a valid host"},
	{"github", "",
	 "{'action':'published','package':{'package_type':'container','namespace':'Team','name':"
	 "'app','package_version':{'container_metadata':{'tag':{'name':'v1'}}}}}",
	 "ghcr.io/team/app:v1"},
	{"github", "",
	 "{'action':'published','package':{'package_type':'container','name':'app',"
	 "'package_version':{'container_metadata':{'tag':{'name':'v1'}}}}}",
	 "!package.owner.login: missing"},
	{"github", "",
	 "{'action':'published','package':{'package_type':'container','namespace':'a/../b','name':"
	 "'app','package_version':{'container_metadata':{'tag':{'name':'v1'}}}}}",
	 "!package.name: \"a/../b/app\" is not a valid repository"},
	{"github", "Content-Type:application/x-www-form-urlencoded", "payload=%7B%7D",
	 "!the body is a form: set the webhook's content type to application/json"},

	/* GitLab */
	{"gitlab", "", EVENTS(EVENT("push", TARGET(",'tag':'v1'"), HOST)),
	 "r.example.com:5000/team/app:v1"},
	{"gitlab", "X-Gitlab-Event:Pipeline Hook",
	 EVENTS("{'action':'push','target':{'repository':'team/app','tag':'v1'},'request':"
		"{'host':'registry.gitlab.com'}}"),
	 "registry.gitlab.com/team/app:v1"},
	{"gitlab", "X-Gitlab-Event:Pipeline Hook", "{'object_kind':'pipeline'}", "+1"},
	{"gitlab", "X-Gitlab-Event:Push Hook", "[]", "+1"},
	{"gitlab", "X-Gitlab-Event:Push Hook", "x",
	 "!the body cannot be read as JSON: 1:1: expected a value: a string in double quotes, a "
	 "number, true, false, null, [ or {"},
	{"gitlab", "", "{'object_kind':'pipeline'}", "!events: a list was expected, not nothing"},

	/* Azure Container Registry and Event Grid */
	{"acr", "", ACR("push", "'repository':'team/app','tag':'v1'"),
	 "team.azurecr.io/team/app:v1"},
	{"acr", "", ACR("push", "'repository':'team/app'"), "+1"},
	{"acr", "", ACR("ping", "'repository':'team/app'"), "+1"},
	{"acr", "", "{'id':'x','timestamp':'y','action':'ping'}", "+1"},
	{"acr", "", ACR("delete", "'repository':'team/app','tag':'v1'"), "+1"},
	{"acr", "", ACR("chart_push", "'repository':'team/app','tag':'v1'"), "+1"},
	{"acr", "", ACR("quarantine", "'repository':'team/app','tag':'v1'"), "+1"},
	{"acr", "", ACR("push", "'repository':'team/app','tag':'v 1'"),
	 "!target.tag: \"v 1\" is not a valid tag"},
	{"acr", "", "{}", "!action: missing"},
	{"acr", "", "[]", ""},
	{"acr", "", "[1]", "!action: missing"},
	{"acr", "",
	 "[" GRID("Microsoft.ContainerRegistry.ImagePushed", ACR_PUSH) "," GRID(
		 "Microsoft.ContainerRegistry.ImageDeleted",
		 ACR_PUSH) "," GRID("Microsoft.ContainerRegistry.ChartPushed", ACR_PUSH) "]",
	 "team.azurecr.io/team/app:v1+2"},
	{"acr", "",
	 "{'specversion':'1.0','type':'Microsoft.ContainerRegistry.ImagePushed','data':"
	 "{'action':'push','target':{'repository':'team/app','tag':'v1'}}}",
	 "?/team/app:v1"},
	{"acr", "",
	 "[" GRID("Microsoft.EventGrid.SubscriptionValidationEvent",
		  "{'validationCode':'0123-abcd-EF','validationUrl':'https://x.example.com/'}") "]",
	 "+1 = {\"validationResponse\":\"0123-abcd-EF\"}"},
	{"acr", "",
	 "[" GRID("Microsoft.EventGrid.SubscriptionValidationEvent",
		  "{'validationCode':'a\\u0022,b'}") "]",
	 "!data.validationCode: letters, digits and '-' were expected"},
	{"acr", "", GRID("Microsoft.EventGrid.SubscriptionValidationEvent", "null"),
	 "!data.validationCode: letters, digits and '-' were expected"},
	{"acr", "", GRID("Microsoft.ContainerRegistry.ImagePushed", "null"),
	 "!data.action: missing"},
	{"acr", "",
	 GRID("Microsoft.ContainerRegistry.ImagePushed",
	      "{'action':'push','target':{'repository':'team/app','tag':1}}"),
	 "!data.target.tag: a string was expected, not a number"},

	/* Alibaba Cloud */
	{"aliyun", "",
	 ALIYUN("{'digest':'" DIGEST_A "','pushed_at':'x','tag':'v1'}",
		"'region':'cn-hangzhou','repo_full_name':'team/app'"),
	 "registry.cn-hangzhou.aliyuncs.com/team/app:v1"},
	{"aliyun", "", ALIYUN("{'tag':'v1'}", "'repo_full_name':'team/app'"), "?/team/app:v1"},
	{"aliyun", "", ALIYUN("{'digest':'" DIGEST_A "'}", "'repo_full_name':'team/app'"), "+1"},
	{"aliyun", "", ALIYUN("{'tag':'v1'}", "'region':'x.example.com/','repo_full_name':'a/b'"),
	 "!repository.region: a-z, 0-9 and '-' were expected"},
	{"aliyun", "", ALIYUN("{'tag':'v1'}", "'region':'-x','repo_full_name':'a/b'"),
	 "!repository.region: \"registry.-x.aliyuncs.com\" is not a valid host"},
	{"aliyun", "", ALIYUN("{'tag':'v1'}", "'region':7,'repo_full_name':'a/b'"),
	 "!repository.region: a string was expected, not a number"},
	{"aliyun", "", ALIYUN("{'tag':'v1'}", "'region':'cn-beijing'"),
	 "!repository.repo_full_name: missing"},
	{"aliyun", "", "{}", "!push_data: a mapping was expected, not nothing"},

	/* distribution */
	{"distribution", "Content-Type:application/vnd.docker.distribution.events.v1+json",
	 EVENTS(PUSH(",'tag':'v1'") "," PUSH("") "," EVENT(
		 "pull", TARGET(",'tag':'v1'"),
		 HOST) "," EVENT("delete", "'repository':'team/app','tag':'v1'",
				 HOST) "," EVENT("mount", TARGET(",'fromRepository':'a/b'"),
						 HOST) "," PUSH(",'tag':'v2'")),
	 "r.example.com:5000/team/app:v1 r.example.com:5000/team/app:v2+4"},
	{"distribution", "", EVENTS(EVENT("push", TARGET(",'tag':'v1'"), "")),
	 "store.example.com/team/app:v1"},
	{"distribution", "", EVENTS(EVENT("push", "'repository':'a','tag':'v1'", "")), "?/a:v1"},
	{"distribution", "",
	 EVENTS(EVENT("push", "'repository':'a','tag':'v1'", "'host':'registry'")), "?/a:v1"},
	{"distribution", "",
	 EVENTS(EVENT("push", "'repository':'a','tag':'v1'", "'host':'registry:5000'")),
	 "registry:5000/a:v1"},
	{"distribution", "",
	 EVENTS(EVENT("push", "'repository':'a','tag':'v1'", "'host':'localhost'")),
	 "localhost/a:v1"},
	{"distribution", "",
	 EVENTS(EVENT("push", "'repository':'a','tag':'v1'", "'host':'[::1]:5000'")),
	 "[::1]:5000/a:v1"},
	{"distribution", "",
	 EVENTS(EVENT("push", "'repository':'a','tag':'v1'", "'host':'a.io/b'")),
	 "!events[].request.host: \"a.io/b\" is not a valid host"},
	{"distribution", "",
	 EVENTS(EVENT("push", "'repository':'a','tag':'v1'", "'host':'a.io:x'")),
	 "!events[].request.host: \"a.io:x\" is not a valid host"},
	{"distribution", "", EVENTS(EVENT("push", "'repository':'a','tag':'v1'", "'host':'a_b'")),
	 "!events[].request.host: \"a_b\" is not a valid host"},
	{"distribution", "", EVENTS(EVENT("push", "'repository':'a','tag':'v1'", "'host':[]")),
	 "!events[].request.host: a string was expected, not a list"},
	{"distribution", "", EVENTS(EVENT("push", "'tag':'v1'", HOST)),
	 "!events[].target.repository: missing"},
	{"distribution", "", EVENTS("1,null,[],{}"), "+4"},
	{"distribution", "", EVENTS(""), ""},
	{"distribution", "", "{}", "!events: a list was expected, not nothing"},
	{"distribution", "", "{'events':{}}", "!events: a list was expected, not a mapping"},

	/* zot */
	{"zot", "ce-type:zotregistry.image.updated\nce-source:zotregistry.dev", ZOT_DATA("v1"),
	 "?/team/app:v1"},
	{"zot", "Ce-Type:com.example.image.updated\nCe-Source:https://zot.example.com/team",
	 ZOT_DATA("v1"), "zot.example.com/team/app:v1"},
	{"zot", "ce-type:zotregistry.image.updated", ZOT_DATA(DIGEST_A), "+1"},
	{"zot", "ce-type:zotregistry.image.deleted", ZOT_DATA("v1"), "+1"},
	{"zot", "ce-type:zotregistry.image.lint_failed", ZOT_DATA("v1"), "+1"},
	{"zot", "ce-type:zotregistry.repository.created", "{'name':'team/app'}", "+1"},
	{"zot", "ce-type:zotregistry.image.updated\nce-source:http://a_b/", ZOT_DATA("v1"),
	 "!source: \"a_b\" is not a valid host"},
	{"zot", "Content-Type:application/cloudevents+json",
	 ZOT("zotregistry.image.updated", "zotregistry.dev", ZOT_DATA("v1")), "?/team/app:v1"},
	{"zot", "", ZOT("zotregistry.image.updated", "http://zot:5000", ZOT_DATA("v1")),
	 "zot:5000/team/app:v1"},
	{"zot", "", ZOT("zotregistry.image.deleted", "x", ZOT_DATA("v1")), "+1"},
	{"zot", "", ZOT("zotregistry.image.updated", "x", "'e30='"),
	 "!data: a mapping was expected, not a string"},
	{"zot", "", ZOT_DATA("v1"), "!type: missing, in the header ce-type as well"},

	/* Nexus */
	{"nexus", "X-Nexus-Webhook-Id:rm:repository:asset",
	 NEXUS("CREATED", ASSET("docker", "v2/team/app/manifests/v1")), "?/team/app:v1"},
	{"nexus", "", NEXUS("UPDATED", ASSET("docker", "/v2/team/manifests/app/manifests/v1")),
	 "?/team/manifests/app:v1"},
	{"nexus", "", NEXUS("UPDATED", ASSET("docker", "v2/team/app/manifests/" DIGEST_A)), "+1"},
	{"nexus", "", NEXUS("CREATED", ASSET("docker", "v2/-/blobs/" DIGEST_A)), "+1"},
	{"nexus", "", NEXUS("CREATED", ASSET("docker", "v1/app/manifests/v1")), "+1"},
	{"nexus", "", NEXUS("CREATED", ASSET("docker", "v2/manifests/v1")), "+1"},
	{"nexus", "", NEXUS("CREATED", ASSET("docker", "v2//manifests/v1")),
	 "!asset.name: missing"},
	{"nexus", "", NEXUS("CREATED", ASSET("docker", "v2/a/manifests/v 1")),
	 "!asset.name: \"v 1\" is not a valid tag"},
	{"nexus", "", NEXUS("CREATED", ASSET("docker", "v2/a/../b/manifests/v1")),
	 "!asset.name: \"a/../b\" is not a valid repository"},
	{"nexus", "", NEXUS("CREATED", "'asset':{'format':'docker','name':7}"),
	 "!asset.name: a string was expected, not a number"},
	{"nexus", "", NEXUS("CREATED", ASSET("npm", "v2/team/app/manifests/v1")), "+1"},
	{"nexus", "", NEXUS("DELETED", ASSET("docker", "v2/team/app/manifests/v1")), "+1"},
	{"nexus", "", NEXUS("CREATED", COMPONENT("docker", "v1")), "?/team/app:v1"},
	{"nexus", "", NEXUS("CREATED", COMPONENT("docker", DIGEST_A)), "+1"},
	{"nexus", "", NEXUS("CREATED", COMPONENT("maven2", "v1")), "+1"},
	{"nexus", "", "{'nodeId':'x','audit':{'domain':'security.user'}}", "+1"},
	{"nexus", "", "[]", "!the body is not an object"},
};
