; The Windows installer. Compiled by ../build_parts/windows.py with Version, Payload (the frozen folder) and Icon.
; For one user, without asking for rights; models, projects and settings below %LOCALAPPDATA%\mobilenet-gui are never touched.

#ifndef Version
  #error Version is not given
#endif

[Setup]
AppId={{6C0B4B70-53A7-4C0D-9B0B-3E0B1A7B8D52}
AppName=MobileNet GUI
AppVersion={#Version}
AppPublisher=The MobileNet GUI developers
DefaultDirName={autopf}\MobileNet GUI
DefaultGroupName=MobileNet GUI
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
Compression=lzma2/max
SolidCompression=yes
LZMAUseSeparateProcess=yes
LZMANumBlockThreads=4
SetupIconFile={#Icon}
UninstallDisplayIcon={app}\mobilenet-gui.exe
LicenseFile={#Payload}\_internal\notices\LICENSE.txt
WizardStyle=modern
ChangesAssociations=yes
ChangesEnvironment=yes
CloseApplications=yes
AppMutex=MobileNetGUI

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked
Name: "path"; Description: "Let the command line find mobilenet-gui-console"; Flags: unchecked

[InstallDelete]
; Never mix the libraries of two versions.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Payload}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\MobileNet GUI"; Filename: "{app}\mobilenet-gui.exe"
Name: "{autodesktop}\MobileNet GUI"; Filename: "{app}\mobilenet-gui.exe"; Tasks: desktopicon

[Registry]
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe"; ValueType: none; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\shell\open\command"; ValueType: string; ValueData: """{app}\mobilenet-gui.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".jpg"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".jpeg"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".png"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".webp"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".avif"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".heic"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".heif"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".tif"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".tiff"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".bmp"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".gif"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".mp4"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".mov"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".mkv"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".webm"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".avi"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".tflite"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".keras"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".h5"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\mobilenet-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".zip"; ValueData: ""
; One person's own, however it was installed: the machine's lies elsewhere, and the code below takes out what is put in here.
Root: HKCU; Subkey: "Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Tasks: path; Check: NotOnPath(ExpandConstant('{app}'))

[Run]
Filename: "{app}\mobilenet-gui.exe"; Description: "{cm:LaunchProgram,MobileNet GUI}"; Flags: nowait postinstall skipifsilent

[Code]
function NotOnPath(Folder: String): Boolean;
var
  Paths: String;
begin
  if not RegQueryStringValue(HKEY_CURRENT_USER, 'Environment', 'Path', Paths) then
    Paths := '';
  Result := Pos(';' + Uppercase(Folder) + ';', ';' + Uppercase(Paths) + ';') = 0;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Paths, App: String;
  Start: Integer;
begin
  if Step <> usPostUninstall then
    exit;
  App := ExpandConstant('{app}');
  if RegQueryStringValue(HKEY_CURRENT_USER, 'Environment', 'Path', Paths) then
  begin
    // Between semicolons, so that a folder whose name only begins like ours stays.
    Start := Pos(';' + Uppercase(App) + ';', ';' + Uppercase(Paths) + ';');
    if Start > 0 then
    begin
      Paths := ';' + Paths + ';';
      Delete(Paths, Start, Length(App) + 1);
      Paths := Copy(Paths, 2, Length(Paths) - 2);
      RegWriteExpandStringValue(HKEY_CURRENT_USER, 'Environment', 'Path', Paths);
    end;
  end;
  if not UninstallSilent then
    MsgBox('Your models, projects and settings stay in' + #13#10 + ExpandConstant('{localappdata}\mobilenet-gui') + #13#10 +
      'Delete that folder yourself if you no longer want them.', mbInformation, MB_OK);
end;
