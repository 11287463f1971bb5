package kblab.hapi;

import ca.uhn.fhir.jpa.packages.IPackageInstallerSvc;
import ca.uhn.fhir.jpa.packages.PackageInstallOutcomeJson;
import ca.uhn.fhir.jpa.packages.PackageInstallationSpec;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/** InstallPackage R4|R5 NAME VERSION FILE TYPE...: HAPI's own installer; prints "TYPE COUNT" lines. */
public class InstallPackage {
  public static void main(String[] args) throws Exception {
    int status = 1;
    try {
      Field url = HapiServer.class.getDeclaredField("jdbcUrl");
      url.setAccessible(true);
      url.set(null, "jdbc:h2:mem:fhir;DB_CLOSE_DELAY=-1");
      Class<?> config = Map.of("R4", HapiServer.R4.class, "R5", HapiServer.R5.class).get(args[0]);
      AnnotationConfigApplicationContext spring = new AnnotationConfigApplicationContext(config);
      PackageInstallationSpec spec = new PackageInstallationSpec()
          .setName(args[1])
          .setVersion(args[2])
          .setInstallMode(PackageInstallationSpec.InstallModeEnum.STORE_AND_INSTALL)
          .setPackageContents(Files.readAllBytes(Path.of(args[3])));
      for (int i = 4; i < args.length; i++) spec.addInstallResourceTypes(args[i]);
      PackageInstallOutcomeJson outcome = spring.getBean(IPackageInstallerSvc.class).install(spec);
      outcome.getMessage().forEach(System.err::println);
      outcome.getResourcesInstalled().forEach((type, count) -> System.out.println("INSTALLED " + type + " " + count));
      status = 0;
    } catch (Throwable t) {
      t.printStackTrace();
    }
    System.exit(status); // Spring leaves threads behind
  }
}
