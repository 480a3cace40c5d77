// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {AccountFactory, AnsweringAccount, RevertingVerifier, SmartAccount} from "../utils/Accounts.sol";
import {AssetsTest} from "./AssetsTest.sol";

contract ConsentTest is AssetsTest {
    uint8 internal constant ASKING = DERIVATIVES | CONSENT | COMMERCIAL;
    bytes32 internal constant NONCE = "a nonce";
    address internal constant VERIFIER = 0x00007bd799e4A591FeA53f8A8a3E9f931626Ba7e;
    bytes32 internal constant ERC6492_SUFFIX = 0x6492649264926492649264926492649264926492649264926492649264926492;
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    uint256 internal dataset;

    function setUp() public override {
        super.setUp();
        dataset = publishOn(ada, 1000, 3000, ASKING);
    }

    function childWith(IAssetRegistry.Consent memory consent)
        internal
        view
        returns (IAssetRegistry.Publication memory stated)
    {
        stated = publication(list(dataset), 0, 0, 0);
        stated.consents = only(consent);
    }

    function build(IAssetRegistry.Consent memory consent) internal returns (uint256) {
        return publishAs(boole, IAssetRegistry.Kind.Model, childWith(consent));
    }

    function usual() internal view returns (IAssetRegistry.Consent memory) {
        return consentOf(dataset, boole, NONCE);
    }

    function expectBadSignature(address signer) internal {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_BadSignature.selector, signer));
    }

    function expectUsed() internal {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_ConsentUsed.selector, dataset, NONCE));
    }

    function test_LetsOnePublisherBuildOnce() public {
        IAssetRegistry.Consent memory consent = usual();
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.ConsentUsed(ada, dataset, NONCE);
        uint256 child = build(consent);
        assertRoyalties(child, list(dataset), list(1000));
        assertTrue(registry.isConsentUsed(ada, dataset, NONCE), "used");
        expectUsed();
        build(consent);
    }

    function test_RevertWhen_NoneIsGiven() public {
        expectRefusal(IAssetRegistry.AssetRegistry_ConsentMissing.selector, dataset);
        publishFrom(boole, list(dataset), 0);
        expectRefusal(IAssetRegistry.AssetRegistry_ConsentMissing.selector, dataset);
        publishService(boole, list(dataset), 0, 0);
        uint256 other = publishOn(ada, 0, 0, ASKING);
        IAssetRegistry.Consent memory consent = consentOf(other, boole, NONCE);
        expectRefusal(IAssetRegistry.AssetRegistry_ConsentMissing.selector, dataset);
        build(consent);
    }

    function test_RevertWhen_SomethingElseWasSigned() public {
        IAssetRegistry.Consent memory consent = consentOf(dataset + 1, boole, NONCE);
        consent.version = dataset;
        expectBadSignature(ada);
        build(consent);

        consent = consentOf(dataset, relayer, NONCE);
        expectBadSignature(ada);
        build(consent);

        consent = usual();
        consent.nonce = "another nonce";
        expectBadSignature(ada);
        build(consent);

        consent = usual();
        ++consent.expiry;
        expectBadSignature(ada);
        build(consent);

        IAssetRegistry.Publication memory stated = childWith(usual());
        stated.manifestDigest = keccak256("another manifest");
        expectBadSignature(ada);
        publishAs(boole, IAssetRegistry.Kind.Model, stated);
    }

    function test_RevertWhen_TheChainIsAnother() public {
        IAssetRegistry.Consent memory consent = usual();
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        expectBadSignature(ada);
        build(consent);
        vm.chainId(chain);
        build(consent);
    }

    function test_RevertWhen_TheRegistryIsACopy() public {
        IAssetRegistry.Consent memory consent = usual();
        IAssetRegistry copy = IAssetRegistry(deployAll(creationsOf(FEE_BPS + 1))[1]);
        IAssetRegistry.Publication memory stated = publicationOn(list(), 1000, 3000, ASKING);
        vm.prank(ada);
        assertEq(copy.publish(IAssetRegistry.Kind.Model, stated), dataset, "same id");
        expectBadSignature(ada);
        vm.prank(boole);
        copy.publish(IAssetRegistry.Kind.Model, childWith(consent));
    }

    function test_RevertWhen_AnotherSigned() public {
        IAssetRegistry.Consent memory consent = usual();
        bytes32 digest = consentDigest(dataset, boole, NONCE, consent.expiry);
        consent.signature = signFor(BUYER_KEY, address(registry), digest);
        expectBadSignature(ada);
        build(consent);
    }

    function test_RevertWhen_TheSignatureIsNotStrict() public {
        IAssetRegistry.Consent memory consent = usual();
        bytes memory good = consent.signature;
        (bytes32 r, bytes32 s, uint8 v) = (word(good, 0), word(good, 32), uint8(good[64]));
        bytes[8] memory bad = [
            abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? 28 : 27),
            abi.encodePacked(r, bytes32(uint256(s) | (v == 28 ? 1 << 255 : 0))),
            abi.encodePacked(good, uint8(0)),
            abi.encodePacked(r, s, uint8(v - 27)),
            abi.encodePacked(r, s, uint8(29)),
            abi.encodePacked(bytes32(0), s, v),
            abi.encodePacked(r, bytes32(0), v),
            bytes("")
        ];
        for (uint256 i; i < bad.length; ++i) {
            consent.signature = bad[i];
            expectBadSignature(ada);
            build(consent);
        }
        consent.signature = good;
        build(consent);
    }

    function test_RevertWhen_ItHasExpired() public {
        IAssetRegistry.Consent memory consent = usual();
        vm.warp(consent.expiry + 1);
        expectRefusal(IAssetRegistry.AssetRegistry_SignatureExpired.selector, consent.expiry);
        build(consent);
        vm.warp(consent.expiry);
        build(consent);
    }

    function test_RevertWhen_ItWasRevoked() public {
        IAssetRegistry.Consent memory consent = usual();
        vm.prank(boole);
        registry.revokeConsent(dataset, NONCE);
        assertTrue(!registry.isConsentUsed(ada, dataset, NONCE), "nobody revokes another's");
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.ConsentUsed(ada, dataset, NONCE);
        vm.prank(ada);
        registry.revokeConsent(dataset, NONCE);
        expectUsed();
        build(consent);
    }

    function test_RevertWhen_TheAssetWasSold() public {
        IAssetRegistry.Consent memory consent = usual();
        vm.prank(ada);
        asset721().transferFrom(ada, buyer, dataset);
        expectBadSignature(buyer);
        build(consent);
        consent.signature = signFor(BUYER_KEY, address(registry), consentDigest(dataset, boole, NONCE, consent.expiry));
        build(consent);
    }

    function test_TheOwnerNeedsNoneAndSurplusOnesStay() public {
        uint256 open = publishFrom(ada, list(), 0);
        IAssetRegistry.Publication memory stated = publication(list(dataset, open), 0, 0, 0);
        stated.consents = only(consentOf(dataset, ada, NONCE));
        publishAs(ada, IAssetRegistry.Kind.Model, stated);
        assertTrue(!registry.isConsentUsed(ada, dataset, NONCE), "unused");
        build(usual());
    }

    function test_OneCoversParentAndSupplier() public {
        IAssetRegistry.Publication memory stated = childWith(usual());
        stated.suppliers = list(dataset);
        uint256 agent = publishAs(boole, IAssetRegistry.Kind.Agent, stated);
        assertOwes(agent, list(dataset), list(1000), list(dataset), list(3000));
        IAssetRegistry.Publication memory again = service(list(dataset));
        again.consents = only(usual());
        expectUsed();
        publishAs(boole, IAssetRegistry.Kind.Service, again);
        again.consents = only(consentOf(dataset, boole, "another nonce"));
        publishAs(boole, IAssetRegistry.Kind.Service, again);
    }

    /* accounts with code */

    function ownedBy(address account) internal returns (IAssetRegistry.Consent memory consent) {
        consent = usual();
        vm.prank(ada);
        asset721().transferFrom(ada, account, dataset);
    }

    function test_AnAccountWithCodeIsAsked() public {
        SmartAccount account = new SmartAccount(ada);
        IAssetRegistry.Consent memory consent = ownedBy(address(account));
        bytes memory good = consent.signature;
        consent.signature = abi.encodePacked(good, uint8(0));
        expectBadSignature(address(account));
        build(consent);
        consent.signature = good;
        build(consent);
    }

    function test_OnlyTheMagicAnswerHolds() public {
        bytes[5] memory answers = [
            abi.encode(bytes4(0)),
            abi.encode(uint256(1)),
            bytes(""),
            abi.encodePacked(bytes4(0x1626ba7e)),
            abi.encode(uint256(0x1626ba7e))
        ];
        for (uint256 i; i < answers.length; ++i) {
            address account = address(new AnsweringAccount(answers[i]));
            address owner = asset721().ownerOf(dataset);
            vm.prank(owner);
            asset721().transferFrom(owner, account, dataset);
            IAssetRegistry.Consent memory consent = usual();
            expectBadSignature(account);
            build(consent);
        }
    }

    function wrapped(address factory, bytes memory signature) internal view returns (bytes memory) {
        bytes memory making = abi.encodeCall(AccountFactory.create, (ada));
        return abi.encodePacked(abi.encode(factory, making, signature), ERC6492_SUFFIX);
    }

    function test_AnAccountNotYetDeployedIsAsked() public {
        vm.etch(VERIFIER, type(RevertingVerifier).runtimeCode);
        AccountFactory factory = new AccountFactory();
        address account = factory.addressOf(ada);
        IAssetRegistry.Consent memory consent = ownedBy(account);
        bytes memory good = consent.signature;
        expectBadSignature(account);
        build(consent);
        consent.signature = wrapped(address(factory), signFor(BUYER_KEY, address(registry), "something"));
        expectBadSignature(account);
        build(consent);
        consent.signature = wrapped(address(factory), good);
        build(consent);
        assertEq(account.code.length, 0, "still not deployed");
        assertEq(factory.made(), 0, "nothing stays");

        // Once it is deployed, the same wrapped signature is read by the account itself.
        factory.create(ada);
        consent = consentOf(dataset, boole, "another nonce");
        consent.signature = wrapped(address(factory), consent.signature);
        build(consent);
    }

    /// @dev What the signature names as its factory is called by the verifier, never by the registry, and in vain.
    function test_AWrappedSignatureUsesNoRightOfTheRegistry() public {
        vm.etch(VERIFIER, type(RevertingVerifier).runtimeCode);
        IAssetRegistry.Consent memory consent = ownedBy(new AccountFactory().addressOf(ada));
        bytes memory act = abi.encodeCall(market.listFirstOffers, (dataset, offersAt(1)));
        consent.signature = abi.encodePacked(abi.encode(address(market), act, consent.signature), ERC6492_SUFFIX);
        address owner = asset721().ownerOf(dataset);
        expectBadSignature(owner);
        build(consent);
        (, bool open,) = market.offerOf(dataset << 16);
        assertTrue(!open, "nothing was listed");
    }

    function test_RevertWhen_ThereIsNoVerifier() public {
        AccountFactory factory = new AccountFactory();
        address account = factory.addressOf(ada);
        IAssetRegistry.Consent memory consent = ownedBy(account);
        consent.signature = wrapped(address(factory), consent.signature);
        expectBadSignature(account);
        build(consent);
    }

    function word(bytes memory data, uint256 place) internal pure returns (bytes32 value) {
        assembly {
            value := mload(add(add(data, 0x20), place))
        }
    }
}
